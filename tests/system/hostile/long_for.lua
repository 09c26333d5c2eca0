-- fault: 22
-- ends: killed
for i = 1, math.maxinteger do end
