-- fault: 22
-- ends: killed
-- says: sleep\(0\)
::again::
goto again
