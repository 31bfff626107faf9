"""Instance profiles, from which Karpenter takes the role in two places at once when a node class goes."""

from moto.iam.exceptions import NotFoundException
from moto.iam.models import IAMBackend


def install():
    of_moto = IAMBackend.remove_role_from_instance_profile

    def remove(self, profile_name, role_name):
        """moto 5.2.5 fails with an error of its own where the role is gone already, and the client tries that again and again."""
        try:
            return of_moto(self, profile_name, role_name)
        except ValueError:
            raise NotFoundException(f"The role with name {role_name} cannot be found.") from None

    IAMBackend.remove_role_from_instance_profile = remove
