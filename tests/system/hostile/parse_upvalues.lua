-- fault: 26
-- ends: failed
-- says: upvalues|local
local source = {}
for i = 1, 190 do source[#source + 1] = ("local a%d"):format(i) end
source[#source + 1] = "return function()"
for i = 1, 190 do source[#source + 1] = ("local b%d"):format(i) end
source[#source + 1] = "return function() return "
for i = 1, 190 do source[#source + 1] = ("a%d + b%d + "):format(i, i) end
source[#source + 1] = "0 end end"
assert(load(table.concat(source, "\n")))
