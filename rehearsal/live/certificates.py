"""Writes a certificate authority of this run and what it signs: ca.crt, tls.crt and tls.key for KEDA's programs, and
front-proxy.crt and front-proxy.key by which the API server shows that it is the one that asks."""

import datetime
import ipaddress
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FOLDER = pathlib.Path(sys.argv[1])
ADDRESS = sys.argv[2]
NAMES = sys.argv[3:]


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def write(file, data):
    path = FOLDER / file
    path.touch(mode=0o600)
    path.write_bytes(data)


def signed(common, issuer, issuer_key, extensions):
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=7))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key or key, hashes.SHA256()), key


def pem(cert):
    return cert.public_bytes(serialization.Encoding.PEM)


def private(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


FOLDER.mkdir(parents=True, exist_ok=True)
AUTHORITY = "pilotlight-rehearsal"
ca, ca_key = signed(AUTHORITY, name(AUTHORITY), None, [(x509.BasicConstraints(ca=True, path_length=None), True)])
both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
alternatives = x509.SubjectAlternativeName(
    [x509.IPAddress(ipaddress.ip_address(ADDRESS)), *(x509.DNSName(one) for one in NAMES)]
)
server, server_key = signed("keda", ca.subject, ca_key, [(both, False), (alternatives, False)])
proxy, proxy_key = signed("front-proxy", ca.subject, ca_key, [(both, False)])
write("ca.crt", pem(ca))
for file, cert, key in (("tls", server, server_key), ("front-proxy", proxy, proxy_key)):
    write(f"{file}.crt", pem(cert))
    write(f"{file}.key", private(key))
