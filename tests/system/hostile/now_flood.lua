-- fault: 28
-- ends: stopped
while now() < 1e6 do end
