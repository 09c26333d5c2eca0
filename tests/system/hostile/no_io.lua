-- ends: failed
-- says: io
io.open("/etc/passwd")
