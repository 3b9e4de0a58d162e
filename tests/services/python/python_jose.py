"""python-jose: JWTs."""

from gateway import AUDIENCE as audience
from gateway import ISSUER as issuer
from gateway import compare, exchange, login, of_each, see_logout, seen

# snippet: jwt
import requests
from jose import jwt

keys = requests.get(f"{issuer}/.well-known/jwks.json", timeout=5).json()


def verify(token):
    return jwt.decode(token, keys, algorithms=["RS256"], audience=audience, issuer=issuer)


# end


def accepts(token):
    try:
        return bool(verify(token))
    except jwt.ExpiredSignatureError:
        return False


tokens = login()
jwts = of_each(tokens, exchange)
for dialect, token in jwts.items():
    compare(verify(token), dialect)
seen("JWT")

see_logout(tokens, accepts, jwts)
