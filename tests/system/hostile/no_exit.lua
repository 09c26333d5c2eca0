-- fault: 27
-- ends: failed
-- says: os
os.exit(0, true)
