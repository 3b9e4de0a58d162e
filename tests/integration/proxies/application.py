"""An application that logs in whom a header names: `application.py DATABASE`.

It is Django with its own middleware and its own user model, behind a server that reads each header as CGI does. The first
line of its output is its port. `/received` returns the names of the users of all requests since the last call of it.
"""

import json
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="a secret of this test, of at least fifty characters",
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"]
    + [f"{__name__}.{name}" for name in ["RemoteUser", "ForwardedUser", "WebAuthUser"]],
    AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.RemoteUserBackend"],
)
django.setup()

from django.contrib.auth.middleware import PersistentRemoteUserMiddleware
from django.core.management import call_command
from django.http import HttpResponse
from django.urls import re_path


class RemoteUser(PersistentRemoteUserMiddleware):
    header = "HTTP_REMOTE_USER"


class ForwardedUser(PersistentRemoteUserMiddleware):
    header = "HTTP_X_FORWARDED_USER"


class WebAuthUser(PersistentRemoteUserMiddleware):
    header = "HTTP_X_WEBAUTH_USER"


received = []


def take_received(request):
    names = json.dumps(received)
    received.clear()
    return HttpResponse(names, content_type="application/json")


def page(request):
    name = request.user.get_username()
    received.append(name)
    return HttpResponse(f"user: {name}", content_type="text/plain")


urlpatterns = [re_path("^received$", take_received), re_path("", page)]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def address_string(self):
        return self.client_address[0]

    def log_message(self, *_):
        pass


call_command("migrate", verbosity=0)
from django.core.wsgi import get_wsgi_application

with make_server("127.0.0.1", 0, get_wsgi_application(), Server, Handler) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
