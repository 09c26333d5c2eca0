-- fault: 27
-- ends: failed
-- says: prnt
tostring = error type = error pcall = error pairs = error
setmetatable(_G, {__index = function(t, k) return nil end, __pairs = error})
string.format = nil table.concat = nil
prnt("x")
