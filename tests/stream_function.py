"""What the zip of the stream function holds, by the names of its modules."""

MODULES = [
    "backend_flask",
    "backend_flask.lib",
    "backend_flask.lib.ddb",
    "backend_flask.lib.ddb_items",
    "backend_flask.lib.ddb_rows",
    "lambdas",
    "lambdas.cruddur_messaging_stream",
    "lambdas.cruddur_messaging_stream.handler",
]
