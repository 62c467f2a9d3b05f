"""The list of families, by hand. A new family is one file here and one line below."""
from families import acl, blocking, connection, hashes, keys, lists, protocol, pubsub, scripting, server, sets, streams, strings, transactions, zsets

ALL = [module.FAMILY for module in (lists, blocking, strings, keys, hashes, sets, zsets, streams, transactions, scripting,
                                    pubsub, connection, server, acl, protocol)]
