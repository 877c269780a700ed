"""CycloneDX in XML and SPDX 3: the same packages as in the other forms, and no input that takes long."""

from __future__ import annotations

import json
import time

import pytest

from boombap.deps.manifest import readers
from boombap.deps.manifest.safe_text import Malformed
from deps.trees import collector, gaps, pins

XML = """\
<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1">
  <metadata>
    <component type="application"><name>app</name><purl>pkg:pypi/app@1</purl></component>
  </metadata>
  <components>
    <component type="library">
      <name>a</name>
      <version>1</version>
      <purl>pkg:pypi/A_b@1.0?x=y#z</purl>
      <pedigree><ancestors><component type="library"><name>z</name></component></ancestors></pedigree>
      <components>
        <component type="library">
          <name>inner</name>
          <scope>excluded</scope>
          <purl>pkg:cargo/inner@2.0.0</purl>
        </component>
      </components>
    </component>
    <component type="library"><name>bare</name><version>3</version></component>
    <component type="file"><name>README</name></component>
    <component type="library"><name>y</name><purl>pkg:golang/github.com/x/y@v1.0.0</purl></component>
  </components>
</bom>
"""
CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
ROOT = "https://example.org/app"
GRAPH: list[dict[str, object]] = [
    {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1"},
    {"type": "software_Package", "spdxId": "https://example.org/b", "name": "b", "software_packageVersion": "2"},
    {"type": "SpdxDocument", "spdxId": "https://example.org/d", "rootElement": [ROOT]},
    {"type": "software_Package", "spdxId": ROOT, "name": "app"},
    {
        "type": "software_Package",
        "name": "rails",
        "software_packageVersion": "7.0.0",
        "software_packageUrl": "pkg:gem/rails@7.0.0",
        "externalIdentifier": [{"externalIdentifierType": "packageUrl", "identifier": "pkg:gem/rails@7.0.0"}],
    },
    {
        "type": "ai_AIPackage",
        "name": "model",
        "externalIdentifier": [
            {"externalIdentifierType": "cpe23", "identifier": "cpe:2.3:a:x:x:1:*:*:*:*:*:*:*"},
            {"externalIdentifierType": "packageUrl", "identifier": "pkg:pypi/model@1.0"},
        ],
    },
    {"type": "software_File", "name": "README"},
]


def spdx_3(graph: list[dict[str, object]]) -> str:
    return json.dumps({"@context": CONTEXT, "@graph": graph}, indent=1)


@pytest.mark.parametrize("prefix", ["", "cdx:"])
def test_cyclonedx_in_xml(prefix: str):
    document = XML
    if prefix:
        document = XML.replace("<", "<cdx:").replace("<cdx:/", "</cdx:").replace("<cdx:?", "<?")
        document = document.replace("xmlns=", "xmlns:cdx=")
    found = collector(readers.cyclonedx_xml, document, ecosystem="")
    assert [(one.ecosystem, one.name, one.version, one.line, one.scope) for one in found.dependencies] == [
        ("PyPI", "A_b", "1.0", 8, "runtime"),
        ("crates.io", "inner", "2.0.0", 14, "dev"),
        ("Go", "github.com/x/y", "v1.0.0", 22, "runtime"),
    ]
    assert gaps(found) == [("bare 3", "has no package URL", 20)]


@pytest.mark.parametrize(
    "text",
    ["", "<bom", "<project/>", '<!DOCTYPE bom [<!ENTITY a "b">]><bom/>', '<!DOCTYPE bom SYSTEM "x"><bom/>'],
)
def test_xml_that_is_not_cyclonedx(text: str):
    with pytest.raises(Malformed):
        collector(readers.cyclonedx_xml, text, ecosystem="")


def test_components_inside_of_others_however_deep():
    inner: dict[str, object] = {}
    for depth in range(100):
        inner = {"name": f"n{depth}", "purl": f"pkg:pypi/n{depth}@1", "components": [inner] if inner else []}
    document = json.dumps({"bomFormat": "CycloneDX", "components": [inner]})
    assert len(collector(readers.sbom, document, ecosystem="").dependencies) == 100


def test_spdx_3():
    found = collector(readers.sbom, spdx_3(GRAPH), ecosystem="")
    assert [(one.ecosystem, one.name, one.version) for one in found.dependencies] == [
        ("RubyGems", "rails", "7.0.0"),
        ("PyPI", "model", "1.0"),
    ]
    assert [(what, reason) for what, reason, _ in gaps(found)] == [("b 2", "has no package URL")]
    lines = spdx_3(GRAPH).split("\n")
    assert all('"name"' in lines[one.line - 1] for one in found.dependencies)


def test_spdx_3_with_a_single_element():
    document = json.dumps({"@context": CONTEXT, **GRAPH[4]})
    assert pins(collector(readers.sbom, document, ecosystem="")) == [("rails", "7.0.0", 1)]


def test_what_spdx_3_leaves_to_another_document_is_named():
    document = spdx_3([{"type": "SpdxDocument", "import": [{"externalSpdxId": "https://example.org/other"}]}])
    found = collector(readers.sbom, document, ecosystem="")
    assert gaps(found) == [("https://example.org/other", "is in another document", 0)]


@pytest.mark.parametrize("graph", [{}, [1], "x", [{"type": "software_Package", "externalIdentifier": "x"}]])
def test_spdx_3_of_another_shape(graph: object):
    with pytest.raises(Malformed):
        collector(readers.sbom, json.dumps({"@context": CONTEXT, "@graph": graph}), ecosystem="")


@pytest.mark.parametrize("piece", ["<a", "<a:", "<name>", " ", "&lt;", "pkg:", "/", "@"])
def test_no_repetition_takes_long(piece: str):
    text = (piece * (100_000 // len(piece))).replace("<", "&lt;")
    begun_s = time.process_time()
    for name, purl in ((text, "pkg:pypi/a@1"), ("a", text)):
        xml = f"<name>{name}</name><purl>{purl}</purl>"
        document = f"<bom><components>{f'<component>{xml}</component>' * 3}</components></bom>"
        collector(readers.cyclonedx_xml, document, ecosystem="")
        graph = [{"type": "software_Package", "name": name, "software_packageUrl": purl}] * 3
        collector(readers.sbom, json.dumps({"@context": CONTEXT, "@graph": graph}), ecosystem="")
    assert time.process_time() - begun_s < 10


def test_deep_xml_does_not_take_long():
    begun_s = time.process_time()
    deep = "<components><component>" * 20_000 + "</component></components>" * 20_000
    assert len(collector(readers.cyclonedx_xml, f"<bom>{deep}</bom>", ecosystem="").skipped) == 20_000
    assert time.process_time() - begun_s < 10
