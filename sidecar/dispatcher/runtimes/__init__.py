"""Who talks to inference servers: one file per protocol, one error per fault on the wire."""
