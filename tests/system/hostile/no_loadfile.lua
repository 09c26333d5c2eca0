-- ends: failed
-- says: loadfile
loadfile("/proc/self/environ")
