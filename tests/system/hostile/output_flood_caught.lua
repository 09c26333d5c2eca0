-- fault: 28
-- ends: failed
-- says: 1 MB
while true do pcall(print, ("flood "):rep(50)) end
