-- Give tokens of the window that ends now. KEYS: log, total, cooldown. ARGV: most, budget, length in us, member.
-- The log holds a member "NAME:TOKENS" for each bundle, at the time of its taking; the total saves adding them up.
local clock = redis.call('TIME')
local now_us = clock[1] * 1000000 + clock[2]
local most, budget, length_us = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local until_ms = tonumber(redis.call('GET', KEYS[3]) or 0)
local left_ms = until_ms - math.floor(now_us / 1000)
if left_ms > 0 then
    return {0, 0, left_ms}
end

local function tokens(member)
    return tonumber(string.match(member, ':(%d+)$'))
end

local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. string.format('%.0f', now_us - length_us))
local total = tonumber(redis.call('GET', KEYS[2]))
for _, member in ipairs(gone) do
    redis.call('ZREM', KEYS[1], member)
    total = total and total - tokens(member)
end
-- Eviction may take one key and leave the other.
if not total or redis.call('ZCARD', KEYS[1]) == 0 then
    total = 0
    for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
        total = total + tokens(member)
    end
end

local granted = math.max(0, math.min(most, budget - total))
local keep_ms = math.ceil(length_us / 1000) + 1000
if granted > 0 then
    redis.call('ZADD', KEYS[1], string.format('%.0f', now_us), ARGV[4] .. ':' .. granted)
    total = total + granted
    redis.call('PEXPIRE', KEYS[1], keep_ms)
end
redis.call('SET', KEYS[2], total, 'PX', keep_ms)

local wait_us = 0
if granted < most then
    local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
    wait_us = first[2] and math.max(1, tonumber(first[2]) + length_us + 1 - now_us) or length_us
end
return {granted, wait_us, 0}
