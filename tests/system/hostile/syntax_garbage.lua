-- fault: 27
-- ends: failed
-- says: .
@#$%^&*( ]] } end end until
