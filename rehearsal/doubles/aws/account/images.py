"""Machine images by the SSM parameters under which AWS and Canonical publish them; moto 5.2.5 has none for EKS."""

import hashlib
import re

from backends import backend
from moto.core.utils import utcnow
from moto.ec2.models.amis import Ami
from moto.ssm.models import Parameter, ParameterDict

# AWS knows each release; here only the form can be judged.
EKS = re.compile(
    r"/aws/service/eks/optimized-ami/(?P<version>1\.\d\d)/amazon-linux-2023/(?P<arch>x86_64|arm64)/(?P<variant>standard|nvidia|neuron)"
    r"/(?P<name>recommended|amazon-eks-node-al2023-(?P=arch)-(?P=variant)-(?P=version)-v20\d{6})/image_id"
)
UBUNTU = re.compile(
    r"/aws/service/canonical/ubuntu/eks/(?P<release>2\d\.04)/(?P<version>1\.\d\d)/stable/(?P<serial>current|20\d{6}(\.\d)?)"
    r"/(?P<arch>amd64|arm64)/hvm/ebs-gp3/ami-id"
)
# Those there are: https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html
NEURON_ON_ARM = ("arm64", "neuron")
AMAZON, CANONICAL = "602401143452", "099720109477"


def _described(parameter):
    """Name, architecture, root device and owner of a parameter's image; None where nobody publishes such a one."""
    found = EKS.fullmatch(parameter)
    if found and (found["arch"], found["variant"]) != NEURON_ON_ARM:
        newest = f"amazon-eks-node-al2023-{found['arch']}-{found['variant']}-{found['version']}-newest"
        return newest if found["name"] == "recommended" else found["name"], found["arch"], "/dev/xvda", AMAZON
    found = UBUNTU.fullmatch(parameter)
    if found:
        arch = {"amd64": "x86_64"}.get(found["arch"], found["arch"])
        name = f"ubuntu-eks/k8s_{found['version']}/images/hvm-ssd-gp3/ubuntu-{found['release']}-{found['arch']}-server-{found['serial']}"
        return name, arch, "/dev/sda1", CANONICAL
    return None


def _image(region, parameter, described):
    """The image, which EC2 must know too: Karpenter takes none whose architecture it cannot read there."""
    name, arch, device, owner = described
    ec2 = backend("ec2", region)
    image_id = f"ami-{hashlib.sha256(f'{region} {parameter}'.encode()).hexdigest()[:17]}"
    if image_id not in ec2.amis:
        ec2.amis[image_id] = Ami(
            ec2, image_id, name=name, description=parameter, owner_id=owner, owner_alias="amazon", public=True,
            virtualization_type="hvm", architecture=arch, hypervisor="xen", root_device_type="ebs", root_device_name=device,
            region_name=f"{region}a", image_location=f"{owner}/{name}",
        )  # fmt: skip
    return image_id


def install():
    """Adds the parameters to moto's own public ones, each when it is first asked for."""
    of_moto = ParameterDict._check_loading_status

    def check(self, key):
        of_moto(self, key)
        described = _described(str(key or ""))
        # `in` and `[]` of this dictionary come here again.
        if described is None or dict.__contains__(self, key):
            return
        dict.__setitem__(
            self,
            key,
            [
                Parameter(
                    account_id=self.account_id, name=key, value=_image(self.region_name, key, described), parameter_type="String",
                    description=None, allowed_pattern=None, keyid=None, last_modified_date=utcnow(), version=1, data_type="text",
                )  # fmt: skip
            ],
        )

    ParameterDict._check_loading_status = check
