"""django-oauth-toolkit in a service of Django: introspection. It keeps tokens in its database until their `exp`."""

import django
from django.conf import settings
from django.core.management import call_command
from django.http import JsonResponse
from django.test import Client
from django.urls import path
from gateway import KEY as key
from gateway import MANAGEMENT as management
from gateway import login, see_logout, seen

# snippet: introspection
OAUTH2_PROVIDER = {
    "RESOURCE_SERVER_INTROSPECTION_URL": f"{management}/introspect",
    "RESOURCE_SERVER_INTROSPECTION_CREDENTIALS": ("archive", key),
}
# end

settings.configure(
    ALLOWED_HOSTS=["testserver"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
    OAUTH2_PROVIDER=OAUTH2_PROVIDER,
    ROOT_URLCONF=__name__,
    SECRET_KEY="of this test",
    USE_TZ=True,
)
django.setup()

# snippet: view
from oauth2_provider.decorators import protected_resource


@protected_resource(scopes=["read"])
def plans(request):
    return JsonResponse({"user": request.resource_owner.username})


# end


@protected_resource(scopes=["master"])
def keys(request):
    return JsonResponse({})


urlpatterns = [path("plans", plans), path("keys", keys)]
call_command("migrate", verbosity=0)


def call(token, url="/plans"):
    return Client().get(url, headers={"Authorization": f"Bearer {token}"})


tokens = login()
for dialect, token in tokens.items():
    response = call(token)
    assert response.status_code == 200, response.content
    assert response.json() == {"user": "admin"}, response.content
    assert call(token, "/keys").status_code == 403
    seen(f"introspection of {dialect}")
assert call("none").status_code == 403

see_logout(tokens, lambda token: call(token).status_code == 200)
