-- fault: 27
-- ends: failed
-- says: .
error(setmetatable({}, {__tostring = function() while true do end end, __index = error, __name = ("x"):rep(1e6)}))
