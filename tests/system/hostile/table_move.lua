-- fault: 23
-- ends: killed
table.move({}, 1, math.maxinteger - 1, 2)
