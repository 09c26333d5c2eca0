-- ends: failed
-- says: dofile
dofile("/etc/hostname")
