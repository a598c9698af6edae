"""The far side of WS-Security, on libxmlsec: it signs, verifies, encrypts and decrypts with none of our code."""

import datetime
from copy import deepcopy

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
WSSE = f"{OASIS}-wssecurity-secext-1.0.xsd"
WSU = f"{OASIS}-wssecurity-utility-1.0.xsd"
ID = f"{{{WSU}}}Id"
DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"


class Party:
    """A key and its certificate."""

    def __init__(self, kind="rsa", *, bits=2048, days=1):
        self.key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, bits)
        now = datetime.datetime.now(datetime.UTC)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "party")])
        made = x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
        begin, end = now - datetime.timedelta(days=10), now + datetime.timedelta(days=days)
        self.certificate = made.not_valid_before(begin).not_valid_after(end).sign(self.key, hashes.SHA256())
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        self.private = self.key.private_bytes(serialization.Encoding.PEM, *form)
        self.public = self.certificate.public_bytes(serialization.Encoding.PEM)

    def file(self, path):
        path.write_bytes(self.public)
        return path

    def signing(self):
        return xmlsec.Key.from_memory(self.private, xmlsec.KeyFormat.PEM)

    def verifying(self):
        return xmlsec.Key.from_memory(self.public, xmlsec.KeyFormat.CERT_PEM)


def header(envelope):
    space = etree.QName(envelope).namespace
    found = envelope.find(f"{{{space}}}Header")
    if found is None:
        found = etree.Element(f"{{{space}}}Header")
        envelope.insert(0, found)
    return found


def security(envelope):
    found = header(envelope).find(f"{{{WSSE}}}Security")
    return etree.SubElement(header(envelope), f"{{{WSSE}}}Security") if found is None else found


def stamped(envelope, created=0, expires=300):
    """Adds a Timestamp, in seconds from now."""
    stamp = etree.SubElement(security(envelope), f"{{{WSU}}}Timestamp")
    now = datetime.datetime.now(datetime.UTC)
    for name, seconds in (("Created", created), ("Expires", expires)):
        moment = now + datetime.timedelta(seconds=seconds)
        etree.SubElement(stamp, f"{{{WSU}}}{name}").text = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return stamp


def signed(envelope, party, elements, *, method=None, digest=None, transform=None, canonical=None):
    """Signs elements of an envelope, in place, as a server would."""
    default = xmlsec.Transform.RSA_SHA256 if isinstance(party.key, rsa.RSAPrivateKey) else xmlsec.Transform.ECDSA_SHA256
    node = xmlsec.template.create(envelope, canonical or xmlsec.Transform.EXCL_C14N, method or default, ns="ds")
    security(envelope).append(node)
    context = xmlsec.SignatureContext()
    context.key = party.signing()
    for number, element in enumerate(elements):
        if element.get(ID) is None:
            element.set(ID, f"far-{number}")
        context.register_id(element, "Id", WSU)
        reference = xmlsec.template.add_reference(node, digest or xmlsec.Transform.SHA256, uri=f"#{element.get(ID)}")
        xmlsec.template.add_transform(reference, transform or xmlsec.Transform.EXCL_C14N)
    context.sign(node)
    return envelope


def verifies(envelope, party):
    """The local names of what a signature covers; raises when it is not good."""
    envelope = deepcopy(envelope)
    node = envelope.find(f".//{{{DS}}}Signature")
    context = xmlsec.SignatureContext()
    context.key = party.verifying()
    for element in envelope.iter("{*}*"):
        if element.get(ID) is not None:
            context.register_id(element, "Id", WSU)
    context.verify(node)
    uris = [reference.get("URI")[1:] for reference in node.iter(f"{{{DS}}}Reference")]
    return [etree.QName(envelope.find(f".//*[@{ID}='{uri}']")).localname for uri in uris]


def encrypted(envelope, party, *, block="aes256-gcm", wrap="rsa-oaep"):
    """Encrypts what a Body holds for a party, in place, as a server would."""
    blocks = {"aes256-gcm": (xmlsec.Transform.AES256_GCM, 256), "aes128-gcm": (xmlsec.Transform.AES128_GCM, 128),
              "aes256-cbc": (xmlsec.Transform.AES256, 256)}  # fmt: skip
    wraps = {"rsa-oaep": xmlsec.Transform.RSA_OAEP, "rsa-1_5": xmlsec.Transform.RSA_PKCS1}
    transform, bits = blocks[block]
    body = envelope.find(f"{{{etree.QName(envelope).namespace}}}Body")
    data = xmlsec.template.encrypted_data_create(envelope, transform, type=xmlsec.EncryptionType.CONTENT, ns="xenc")
    xmlsec.template.encrypted_data_ensure_cipher_value(data)
    info = xmlsec.template.encrypted_data_ensure_key_info(data, ns="ds")
    wrapped = xmlsec.template.add_encrypted_key(info, wraps[wrap])
    xmlsec.template.encrypted_data_ensure_cipher_value(wrapped)
    manager = xmlsec.KeysManager()
    manager.add_key(party.verifying())
    context = xmlsec.EncryptionContext(manager)
    context.key = xmlsec.Key.generate(xmlsec.KeyData.AES, bits, xmlsec.KeyDataType.SESSION)
    context.encrypt_xml(data, body)
    (key,) = envelope.iter(f"{{{XENC}}}EncryptedKey")
    security(envelope).insert(0, key)
    return envelope


def decrypted(envelope, party):
    """Decrypts a Body of ours: the key goes where libxmlsec looks for it."""
    envelope = deepcopy(envelope)
    (data,) = envelope.iter(f"{{{XENC}}}EncryptedData")
    (key,) = envelope.iter(f"{{{XENC}}}EncryptedKey")
    info = data.find(f"{{{DS}}}KeyInfo")
    for child in list(info):
        info.remove(child)
    for child in list(key.find(f"{{{DS}}}KeyInfo")):
        key.find(f"{{{DS}}}KeyInfo").remove(child)
    info.append(key)
    manager = xmlsec.KeysManager()
    manager.add_key(party.signing())
    xmlsec.EncryptionContext(manager).decrypt(data)
    return envelope
