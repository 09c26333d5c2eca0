-- fault: 28
-- ends: failed
-- says: 1 MB
print(("x"):rep(5000000))
