-- ends: failed
-- says: os
os.execute("touch hostile")
