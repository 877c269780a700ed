-- Sets a flag unless it has changed since it was read. KEYS[1]: the hash; ARGV: flag, what it was, what it becomes.
-- Returns 1, or 0 where it has changed.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then
    return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
