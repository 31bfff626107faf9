import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

export interface DatabaseArgs {
  vpcId: pulumi.Input<string>;
  /** Private subnets in two zones at least. */
  subnetIds: pulumi.Input<string>[];
  /** Security group of whoever may connect: the cluster's nodes. */
  clientSecurityGroupId: pulumi.Input<string>;
  /** A standby in a second zone. */
  multiZone: boolean;
}

const PORT = 5432;
const NAME = "litellm";
/** Major version; RDS keeps the minor one current. LiteLLM asks for PostgreSQL 9.5 or newer. */
const ENGINE_VERSION = "17";
/** 2 vCPU, 2 GiB: keys and usage rows of a gateway are a few writes per request. */
const INSTANCE_CLASS = "db.t4g.small";
/** GiB: RDS's minimum for gp3, and where it stops growing by itself. */
const STORAGE = { allocatedStorage: 20, maxAllocatedStorage: 100 } as const;
/** Days that a backup is kept, after a destroy too. */
const BACKUP_DAYS = 7;

/** Postgres for the gateway's keys, budgets and usage, reachable from the cluster's nodes alone. */
export class Database extends pulumi.ComponentResource {
  /** Secret: address with user and password. */
  readonly url: pulumi.Output<string>;
  readonly instance: aws.rds.Instance;

  constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:Database", name, {}, opts);
    const parent = { parent: this };

    const subnets = new aws.rds.SubnetGroup(name, { subnetIds: args.subnetIds }, parent);
    const securityGroup = createSecurityGroup();
    // Letters and digits alone: it becomes part of an address.
    const password = new random.RandomPassword(name, { length: 32, special: false }, parent);
    const instance = createInstance();

    this.instance = instance;
    this.url = pulumi.secret(
      // Prisma's `require` is TLS without a check of the certificate: RDS's authority is not in the gateway's image.
      pulumi.interpolate`postgresql://${NAME}:${password.result}@${instance.address}:${PORT}/${NAME}?sslmode=require`,
    );
    this.registerOutputs({});

    function createSecurityGroup() {
      const group = new aws.ec2.SecurityGroup(
        name,
        { vpcId: args.vpcId, description: "The gateway's database: Postgres from the cluster's nodes" },
        parent,
      );
      new aws.vpc.SecurityGroupIngressRule(
        name,
        {
          securityGroupId: group.id,
          referencedSecurityGroupId: args.clientSecurityGroupId,
          ipProtocol: "tcp",
          fromPort: PORT,
          toPort: PORT,
        },
        parent,
      );
      return group;
    }

    function createInstance() {
      return new aws.rds.Instance(
        name,
        {
          engine: "postgres",
          engineVersion: ENGINE_VERSION,
          autoMinorVersionUpgrade: true,
          instanceClass: INSTANCE_CLASS,
          ...STORAGE,
          storageType: "gp3",
          storageEncrypted: true,
          multiAz: args.multiZone,
          dbName: NAME,
          username: NAME,
          password: password.result,
          port: PORT,
          dbSubnetGroupName: subnets.name,
          vpcSecurityGroupIds: [securityGroup.id],
          publiclyAccessible: false,
          backupRetentionPeriod: BACKUP_DAYS,
          copyTagsToSnapshot: true,
          // A destroy asks no question and leaves no snapshot to pay for; the automated backups stay until they are old.
          skipFinalSnapshot: true,
          deleteAutomatedBackups: false,
          applyImmediately: true,
        },
        parent,
      );
    }
  }
}
