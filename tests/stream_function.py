"""What the zip of the stream function holds, by the names of its modules."""

MODULES = [
    "backend_flask",
    "backend_flask.lib",
    "backend_flask.lib.ddb",
    "lambdas",
    "lambdas.cruddur_messaging_stream",
    "lambdas.cruddur_messaging_stream.handler",
]
