-- fault: 24
-- ends: killed
-- says: sleep\(0\)
-- plain
while true do pcall(function() while true do end end) end
