"""What asn1crypto has read of our encoding it gives back as it was."""

from asn1crypto import cms

from signing import der


def test_a_length_that_looks_indefinite_costs_nothing():
    """asn1crypto took a minute to give back a signature whose length ends in 0x80."""
    certificate = der.tlv(der.SEQUENCE, b"\x02\x01\x01")
    for size in range(300):
        body = der.tlv(
            der.SEQUENCE,
            der.SIGNED_DATA,
            der.tlv(0xA0, der.tlv(der.SEQUENCE, certificate, bytes(size + 200))),
        )
        if body[3] == 0x80:
            break
    assert body[3] == 0x80 and cms.ContentInfo.load(body).dump() == body
