-- fault: 27
-- ends: failed
-- says: io
io.open("/etc/passwd")
