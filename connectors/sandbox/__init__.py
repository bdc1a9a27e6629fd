"""The sandbox: a seeded synthetic district and the local stand-ins that serve it.

Belongs here: made-up people, awards, observations and ledgers; HTTP servers on
127.0.0.1 that speak the platforms' published contracts; switchable faults. Does not
belong here: anything that a connector or the warehouse imports to do real work.

Everything the sandbox serves or writes is SYNTHETIC.
"""
