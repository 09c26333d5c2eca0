-- fault: 27
-- ends: failed
-- says: os
os.execute("touch hostile")
