-- fault: 27
-- ends: failed
-- says: dofile
dofile("/etc/hostname")
