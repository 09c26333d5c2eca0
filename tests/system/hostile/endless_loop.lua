-- fault: 22
-- ends: killed
-- says: sleep\(0\)
-- plain
while true do end
