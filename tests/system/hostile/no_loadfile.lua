-- fault: 27
-- ends: failed
-- says: loadfile
loadfile("/proc/self/environ")
