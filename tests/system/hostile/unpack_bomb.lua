-- fault: 25
-- ends: failed
-- says: too long
print(table.unpack({}, 1, 1e8))
