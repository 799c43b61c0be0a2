"""Who tells a caller, at the address it gave, that its job is finished."""
