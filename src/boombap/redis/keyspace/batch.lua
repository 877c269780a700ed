#!lua flags=no-writes,allow-cross-slot-keys
-- One step of SCAN and what its keys are, in one answer. Any error ends it; the client then asks key by key.
-- ARGV: cursor, pattern, COUNT, bytes of a string's head, bytes up to which a collection is looked into.
-- Answers the cursor, then lists of one entry a key: name, bytes (-1 when it is gone), type, TTL in milliseconds; then
-- what may be a pickle, as key, start and end; then keys and types of the collections that are larger.
local call, byte, sub = redis.call, string.byte, string.sub
local scanned = call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
local keys, sizes, kinds, ttls, doubtful, large = scanned[2], {}, {}, {}, {}, {}
local last, most = ARGV[4] - 1, tonumber(ARGV[5])
-- The first bytes of all pickles: PROTO, MARK, EMPTY_LIST, EMPTY_DICT, GLOBAL.
local first = {[0x80] = true, [0x28] = true, [0x5d] = true, [0x7d] = true, [0x63] = true}
local parts = {
  hash = function(key) return call('HRANDFIELD', key, 3, 'WITHVALUES') end,
  list = function(key) return call('LRANGE', key, 0, 2) end,
  set = function(key) return call('SRANDMEMBER', key, 3) end,
  zset = function(key) return call('ZRANGE', key, 0, 2) end,
  stream = function(key) return call('XRANGE', key, '-', '+', 'COUNT', 2) end,
}

local function doubt(key, start, ending)
  local at = #doubtful
  doubtful[at + 1], doubtful[at + 2], doubtful[at + 3] = key, start, ending
end

local function look(key, elements)
  for _, element in ipairs(elements) do
    if type(element) == 'table' then
      look(key, element)
    elseif first[byte(element)] then
      doubt(key, element, sub(element, -1))
    end
  end
end

for index, key in ipairs(keys) do
  local size, kind = call('MEMORY', 'USAGE', key) or -1, call('TYPE', key).ok
  sizes[index], kinds[index], ttls[index] = size, kind, call('PTTL', key)
  if kind == 'string' then
    local head = call('GETRANGE', key, 0, last)
    if first[byte(head)] then
      doubt(key, head, call('GETRANGE', key, -1, -1))
    end
  elseif parts[kind] and size >= 0 then
    if size <= most then
      look(key, parts[kind](key))
    else
      large[#large + 1], large[#large + 2] = key, kind
    end
  end
end
return {scanned[1], keys, sizes, kinds, ttls, doubtful, large}
