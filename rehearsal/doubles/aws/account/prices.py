"""Prices, once `SetCapacity` has set some: of spot by EC2, on demand by AWS's price list, a service that moto 5.2.5 lacks."""

import json

from capacity import STATE
from moto.ec2.responses.spot_instances import SpotInstances


def _product(kind, price):
    dimension = {"unit": "Hrs", "pricePerUnit": {"USD": f"{price:.10f}"}}
    return {
        "product": {"productFamily": "Compute Instance", "attributes": {"instanceType": kind}},
        "terms": {"OnDemand": {"rehearsal": {"priceDimensions": {"rehearsal": dimension}}}},
    }


def price_list(environ):
    """The answer to GetProducts, as the body of a response; None for every other call.

    Karpenter asks once for shared and once for bare metal, takes an empty answer for a failure, and lets nobody read a
    price before it has given up: the same list for both.
    """
    if environ.get("HTTP_X_AMZ_TARGET") != "AWSPriceListService.GetProducts":
        return None
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    products = [json.dumps(_product(kind, price)) for kind, price in STATE["prices"].items()]
    return json.dumps({"FormatVersion": "aws_v1", "PriceList": products}).encode()


def install():
    of_moto = SpotInstances.describe_spot_price_history

    def history(self):
        """moto has one price for all types: the choice among them would mean nothing. A type without a price is not sold."""
        out = of_moto(self)
        if STATE["prices"]:
            rows = [row for row in out.result["SpotPriceHistory"] if row["InstanceType"] in STATE["prices"]]
            for row in rows:
                row["SpotPrice"] = f"{STATE['prices'][row['InstanceType']] * STATE['spotShare']:.6f}"
            out.result["SpotPriceHistory"] = rows
        return out

    SpotInstances.describe_spot_price_history = history
