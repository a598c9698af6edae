"""A WSDL of many operations, as large enterprise systems have them: each with a request, a reply and a fault."""

from pathlib import Path

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:large" targetNamespace="urn:large" name="Large">
<w:types><x:schema targetNamespace="urn:large" elementFormDefault="qualified">
<x:simpleType name="Status"><x:restriction base="x:string"><x:enumeration value="NEW"/><x:enumeration value="OPEN"/>
<x:enumeration value="CLOSED"/></x:restriction></x:simpleType>
<x:simpleType name="Code"><x:restriction base="x:string"><x:pattern value="[A-Z]{2}[0-9]{1,8}"/></x:restriction>
</x:simpleType>
<x:complexType name="Address"><x:sequence><x:element name="Street" type="x:string"/>
<x:element name="City" type="x:string"/>
<x:element name="Zip" type="t:Code" minOccurs="0"/></x:sequence></x:complexType>
<x:element name="Failure"><x:complexType><x:sequence><x:element name="Code" type="t:Code"/><x:element name="Text"
  type="x:string"/></x:sequence></x:complexType></x:element>
"""
TYPE = """<x:complexType name="Thing{n}">
<x:annotation><x:documentation>Thing number {n}.</x:documentation></x:annotation>
<x:sequence><x:element name="Id" type="t:Code"/><x:element name="Status" type="t:Status"/>
<x:element name="Amount" type="x:decimal"/><x:element name="Count{n}" type="x:int" minOccurs="0"/>
<x:element name="At" type="x:dateTime"/><x:element name="Place" type="t:Address" minOccurs="0" maxOccurs="unbounded"/>
</x:sequence></x:complexType>
<x:element name="Get{n}"><x:complexType><x:sequence><x:element name="Id" type="t:Code"/><x:element name="Whole"
  type="x:boolean" minOccurs="0"/></x:sequence></x:complexType></x:element>
<x:element name="Get{n}Response"><x:complexType><x:sequence><x:element name="Thing" type="t:Thing{n}"
  maxOccurs="unbounded"/></x:sequence></x:complexType></x:element>
"""
MESSAGE = """<w:message name="In{n}"><w:part name="body" element="t:Get{n}"/></w:message>
<w:message name="Out{n}"><w:part name="body" element="t:Get{n}Response"/></w:message>
"""
PORT = """<w:operation name="Get{n}"><w:documentation>Gives things of kind {n}.</w:documentation>
<w:input message="t:In{n}"/><w:output message="t:Out{n}"/><w:fault name="failure" message="t:Failed"/></w:operation>
"""
BINDING = """<w:operation name="Get{n}"><s:operation soapAction="urn:large#Get{n}"/>
<w:input><s:body use="literal"/></w:input><w:output><s:body use="literal"/></w:output>
<w:fault name="failure"><s:fault name="failure" use="literal"/></w:fault>
</w:operation>
"""
TAIL = """<w:service name="Large"><w:port name="Large" binding="t:Large"><s:address location="http://127.0.0.1:1/"/></w:port>
</w:service></w:definitions>
"""


def write_wsdl(path: Path, operations: int) -> Path:
    """Write one with so many operations."""

    def each(part: str) -> str:
        return "".join(part.replace("{n}", str(number)) for number in range(operations))

    path.write_text(
        HEAD + each(TYPE) + "</x:schema></w:types>\n" + each(MESSAGE)
        + '<w:message name="Failed"><w:part name="detail" element="t:Failure"/></w:message>\n'
        + '<w:portType name="Large">' + each(PORT) + "</w:portType>\n"
        + '<w:binding name="Large" type="t:Large"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>\n'
        + each(BINDING) + "</w:binding>\n" + TAIL,
        "utf-8",
    )  # fmt: skip
    return path
