"""The outside parties: one Protocol and its real adapter each. The sandbox plays them over the same protocols."""

from workflow.gateways.bank import BankGateway, HttpBankGateway
from workflow.gateways.card import CardGateway, HttpCardGateway
from workflow.gateways.identity import HttpIdentityGateway, IdentityGateway
from workflow.gateways.licence import HttpLicenceGateway, LicenceGateway
from workflow.gateways.mail import MailGateway, SmtpMailGateway
from workflow.gateways.malware import ClamdScanner, MalwareScanner
from workflow.gateways.sms import HttpSmsGateway, SmsGateway

__all__ = [
    "BankGateway",
    "CardGateway",
    "ClamdScanner",
    "HttpBankGateway",
    "HttpCardGateway",
    "HttpIdentityGateway",
    "HttpLicenceGateway",
    "HttpSmsGateway",
    "IdentityGateway",
    "LicenceGateway",
    "MailGateway",
    "MalwareScanner",
    "SmsGateway",
    "SmtpMailGateway",
]
