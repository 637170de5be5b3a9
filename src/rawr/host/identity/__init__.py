"""Who may call a host: credentials, tokens, users, sessions, and the port they are behind."""

from ._access import MIGRATIONS, Access
from ._administration import (
    AddUser,
    Administration,
    Command,
    CreateToken,
    DisableUser,
    ListTokens,
    ListUsers,
    Reply,
    RevokeToken,
    TokenLine,
    UserLine,
)
from ._audit import audit
from ._cookie import CookiePolicy
from ._credentials import BearerToken, Credentials, RawHeaders, SessionCookie, credentials_of
from ._errors import (
    AlreadyExists,
    HostBusy,
    IdentityError,
    InvalidIdentity,
    TooManyAttempts,
    UnknownIdentity,
)
from ._grant import Grant, check_grant
from ._jwt_policy import JWT_ALGORITHMS, JwtPolicy
from ._limits import KeyedLimit
from ._offline import administer
from ._origin import OriginPolicy
from ._passwords import Argon2Hasher, PasswordHasher, ScryptHasher, check_password
from ._port import Identity, IdentityChain
from ._proof import KnowsDigests, Proof, ProofKind, Proven
from ._sessions import ABSOLUTE_LIFETIME, Sessions
from ._sign_in import SignIn
from ._socket import serve_administration
from ._static import TokenIdentity, developer, development_identity, service_identity
from ._tickets import TICKET_LIFETIME, Tickets
from ._tokens import ApiToken, TokenRegistry, mint_token
from ._users import User, UserRegistry

__all__ = [
    "ABSOLUTE_LIFETIME",
    "JWT_ALGORITHMS",
    "MIGRATIONS",
    "TICKET_LIFETIME",
    "Access",
    "AddUser",
    "Administration",
    "AlreadyExists",
    "ApiToken",
    "Argon2Hasher",
    "BearerToken",
    "Command",
    "CookiePolicy",
    "CreateToken",
    "Credentials",
    "DisableUser",
    "Grant",
    "HostBusy",
    "Identity",
    "IdentityChain",
    "IdentityError",
    "InvalidIdentity",
    "JwtPolicy",
    "KeyedLimit",
    "KnowsDigests",
    "ListTokens",
    "ListUsers",
    "OriginPolicy",
    "PasswordHasher",
    "Proof",
    "ProofKind",
    "Proven",
    "RawHeaders",
    "Reply",
    "RevokeToken",
    "ScryptHasher",
    "SessionCookie",
    "Sessions",
    "SignIn",
    "Tickets",
    "TokenIdentity",
    "TokenLine",
    "TokenRegistry",
    "TooManyAttempts",
    "UnknownIdentity",
    "User",
    "UserLine",
    "UserRegistry",
    "administer",
    "audit",
    "check_grant",
    "check_password",
    "credentials_of",
    "developer",
    "development_identity",
    "mint_token",
    "serve_administration",
    "service_identity",
]
