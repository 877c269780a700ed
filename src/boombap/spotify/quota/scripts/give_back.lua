-- Return tokens of a bundle. KEYS: log, total. ARGV: tokens to return, member without its tokens, its tokens.
local returned, held = tonumber(ARGV[1]), tonumber(ARGV[3])
local at_us = redis.call('ZSCORE', KEYS[1], ARGV[2] .. ':' .. held)
if not at_us then
    return 0
end
redis.call('ZREM', KEYS[1], ARGV[2] .. ':' .. held)
if held > returned then
    redis.call('ZADD', KEYS[1], at_us, ARGV[2] .. ':' .. held - returned)
end
if redis.call('EXISTS', KEYS[2]) == 1 then
    redis.call('DECRBY', KEYS[2], returned)
end
return returned
