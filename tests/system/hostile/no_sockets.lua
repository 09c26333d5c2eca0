-- fault: 27
-- ends: failed
-- says: socket
require "socket".connect("127.0.0.1", 8080)
