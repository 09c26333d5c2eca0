-- ends: failed
-- says: .
@#$%^&*( ]] } end end until
