-- Nobody may call for so long; an end that is later already stays. KEYS: cooldown. ARGV: ms from now, 0 to ask only.
local clock = redis.call('TIME')
local now_ms = clock[1] * 1000 + math.floor(clock[2] / 1000)
local until_ms = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now_ms + tonumber(ARGV[1]))
if until_ms > now_ms and tonumber(ARGV[1]) > 0 then
    redis.call('SET', KEYS[1], string.format('%.0f', until_ms), 'PX', until_ms - now_ms)
end
return math.max(0, until_ms - now_ms)
