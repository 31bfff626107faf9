import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { steadyUserData } from "../../components/gpu-pool";
import { type GpuPoolSpec, type NodeImage, nodeClassSpec, nodePools } from "../../components/gpu-pool-objects";
import { karpenterValues } from "../../components/karpenter";
import { INSTANCES, instanceTypesWith } from "../../planner/instances";
import { type ControlPlane, startControlPlane } from "../../rehearsal/control-plane";
import { type Aws, startAws } from "../../rehearsal/doubles/aws";
import { Account } from "../../rehearsal/doubles/aws/account";
import { configure } from "../../rehearsal/doubles/aws/configure";
import { at, items, type Props, props, text, type Where } from "../../rehearsal/doubles/aws/table";
import { Api, nothingIfGone } from "../../rehearsal/doubles/kubernetes/api";
import { type Boot, startBoot } from "../../rehearsal/live/boot";
import { LEASES } from "../../rehearsal/live/boot/node";
import { nodeSize } from "../../rehearsal/live/boot/size";
import {
  type CapacityRule,
  type Karpenter,
  karpenterFaults,
  setCapacity,
  setPrices,
  startKarpenter,
} from "../../rehearsal/live/karpenter";
import { onFreePort } from "../../rehearsal/ports";
import { Processes } from "../../rehearsal/processes";
import { findCrds, findingHere, findTools, type Tools } from "../../rehearsal/tools";
import { parseStack } from "../../stacks/config-read";
import { isEksPool, nodeImage, poolSpec } from "../../stacks/pools";
import { readStackFile } from "../../stacks/stack-file";

/*
 * The real Karpenter on the stage: the kit's own NodeClasses and NodePools, EC2 by moto, boot and kubelet by the player.
 */

const TOOLS = [
  "python",
  "kubectl",
  "etcd",
  "kubeApiserver",
  "kubeScheduler",
  "kubeControllerManager",
  "karpenter",
] as const;
const CLUSTER = "live";
const REGION = "us-east-1";
const ROLE = "live-elastic-nodes";
const POOL = "pilotlight.dev/pool";
/** Seconds that a pod may take to end, and the minute more that stacks/gpu-pools.ts gives its node. */
const GRACE = 30;
const DRAIN = GRACE + 60;
const PREFIX = "pilotlight:";
const started = Date.now();
const note = (line: string) => console.log(`${((Date.now() - started) / 1000).toFixed(1)} s: ${line}`);

/** The elastic pools of the rehearsal's stack file, one of H100s, and one of L4s on Canonical's image; with their images. */
function pools(): [GpuPoolSpec, NodeImage][] {
  const { config } = readStackFile("rehearsal");
  const settings = Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) =>
      key.startsWith(PREFIX) ? [[key.slice(PREFIX.length), value]] : [],
    ),
  );
  const h100 = { gpu: "h100", capacity: ["on-demand"], maxGpus: 1, emptyFor: "1m" };
  const given = { ...settings, gpuPools: { ...(settings.gpuPools as object), h100 } };
  const around = { region: REGION, aws: { region: REGION }, today: "2026-09-01", running: false };
  const stack = parseStack(given, around);
  const specs = Object.entries(stack.gpuPools).flatMap(([name, pool]) =>
    isEksPool(pool) ? [poolSpec(name, pool)] : [],
  );
  const elastic = specs.filter(({ maxGpus }) => maxGpus > 0);
  // No model of the stack file runs on one, so it is no pool there.
  const l4 = elastic.slice(0, 1).map((spec): GpuPoolSpec => {
    return { ...spec, name: "l4", gpu: "l4", instanceTypes: instanceTypesWith("l4", 1), capacity: ["on-demand"] };
  });
  const imageFrom = (from: "ami" | "operator") => nodeImage({ from }, "1.35");
  return [
    ...elastic.map((spec): [GpuPoolSpec, NodeImage] => [spec, imageFrom("ami")]),
    ...l4.map((spec): [GpuPoolSpec, NodeImage] => [spec, imageFrom("operator")]),
  ];
}

describe("Karpenter on the stage", () => {
  const dir = mkdtempSync(join(tmpdir(), "pilotlight-live-"));
  const processes = new Processes(dir);
  const ending = new AbortController();
  const gone: string[] = [];
  let plane: ControlPlane;
  let aws: Aws;
  let account: Account;
  let api: Api;
  let where: Where;
  let boot: Boot;
  let karpenter: Karpenter;
  let subnets: string[];

  const call = (service: string, operation: string, params: Props) =>
    account.call({ service, operation, params }, where);
  const rules = (...given: CapacityRule[]) => setCapacity(account, where, given);

  beforeAll(async () => {
    const tools = await findTools(TOOLS, findingHere(note, ending.signal));
    plane = await startControlPlane({ dir, tools, processes, say: note });
    const { url: apiServer, caData } = plane;
    aws = await startAws({ python: tools.python, processes, apiServer, caData, note: () => {} });
    account = new Account(aws.url);
    where = configure({ region: REGION }, { account: "123456789012", apiServer, caData }).where;
    api = new Api(plane);
    const network = await makeNetwork();
    subnets = network.subnets;
    note("the account has a network, a cluster and a queue");

    const crds = (await findCrds(findingHere(note, ending.signal))).karpenter;
    const kubectl = (...args: string[]) =>
      execFileSync(tools.kubectl, [...args, "--kubeconfig", plane.kubeconfigPath], { env: { HOME: dir } });
    kubectl("apply", "--server-side", "--filename", crds);
    kubectl("wait", "crd", "--all", "--for", "condition=Established", "--timeout", "30s");

    await onFreePort((port) =>
      onFreePort(async (health) => {
        karpenter = await startKarpenter({
          processes,
          binary: tools.karpenter,
          kubeconfigPath: plane.kubeconfigPath,
          awsUrl: aws.url,
          region: REGION,
          values: karpenterValues({
            replicas: 1,
            clusterName: CLUSTER,
            clusterEndpoint: plane.url,
            queueName: "live",
          }) as unknown as Props,
          ports: { metrics: port, health },
        });
      }),
    );
    note("Karpenter is ready");
    startControllers(tools);
    boot = startBoot({
      account,
      api,
      where,
      timings: { bootMs: () => 3000, deviceMs: () => 2000 },
      onGone: (name) => gone.push(name),
      say: note,
      signal: ending.signal,
    });
    await makePools(network);
    note("the pools are ready");
  });

  afterAll(async () => {
    ending.abort();
    await boot?.stop();
    api?.close();
    await aws?.close();
    await processes.stopAll();
    if (process.env.PILOTLIGHT_KEEP === undefined) rmSync(dir, { recursive: true });
    else note(`kept ${dir}`);
  });

  /** What the kit's own components make before Karpenter comes. */
  async function makeNetwork(): Promise<{ subnets: string[]; group: string }> {
    const vpc = text(await call("ec2", "CreateVpc", { CidrBlock: "10.0.0.0/16" }), "Vpc.VpcId");
    const subnets: string[] = [];
    for (const [index, zone] of ["a", "b"].entries()) {
      const params = { VpcId: vpc, CidrBlock: `10.0.${index * 16}.0/20`, AvailabilityZone: `${REGION}${zone}` };
      subnets.push(text(await call("ec2", "CreateSubnet", params), "Subnet.SubnetId"));
    }
    const trust = (principal: string) => ({
      AssumeRolePolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: principal }, Action: "sts:AssumeRole" }],
      }),
    });
    await call("iam", "CreateRole", { RoleName: ROLE, ...trust("ec2.amazonaws.com") });
    const role = await call("iam", "CreateRole", { RoleName: "live-cluster", ...trust("eks.amazonaws.com") });
    const { cluster } = await call("eks", "CreateCluster", {
      name: CLUSTER,
      version: "1.35",
      roleArn: text(role, "Role.Arn"),
      resourcesVpcConfig: { subnetIds: subnets },
    });
    await call("pilotlight", "SetClusterEndpoint", { name: CLUSTER, endpoint: plane.url, caData: plane.caData });
    await call("sqs", "CreateQueue", { QueueName: "live" });
    await setPrices(account, where);
    return { subnets, group: text(cluster, "resourcesVpcConfig.clusterSecurityGroupId") };
  }

  async function makePools({ subnets, group }: { subnets: string[]; group: string }): Promise<void> {
    for (const [pool, image] of pools()) {
      const spec = nodeClassSpec({
        pool,
        image,
        nodeRoleName: ROLE,
        subnetIds: subnets,
        securityGroupId: group,
        tags: { project: "pilotlight" },
      });
      await make("karpenter.k8s.aws/v1", "EC2NodeClass", "ec2nodeclasses", pool.name, spec);
      for (const { name, spec: step } of nodePools({ pool, drainSeconds: DRAIN }))
        await make("karpenter.sh/v1", "NodePool", "nodepools", name, step);
    }
    await eventually("every pool is ready", 60_000, async () => {
      const found = items((await api.ask("GET", "/apis/karpenter.sh/v1/nodepools")).items);
      return found.every(({ status }) =>
        items(props(status).conditions).some((one) => one.type === "Ready" && one.status === "True"),
      );
    });
  }

  const make = (apiVersion: string, kind: string, plural: string, name: string, spec: object) =>
    api.ask("POST", `/apis/${apiVersion}/${plural}`, {
      body: { apiVersion, kind, metadata: { name }, spec: spec as Props },
    });

  function startControllers({
    kubeScheduler,
    kubeControllerManager,
  }: Pick<Tools, "kubeScheduler" | "kubeControllerManager">): void {
    const args = ["--kubeconfig", plane.kubeconfigPath, "--leader-elect=false", "--secure-port=0"];
    processes.start({ name: "kube-scheduler", command: kubeScheduler, args, graceMs: 0 });
    const controllers =
      "--controllers=node-lifecycle-controller,pod-garbage-collector-controller,garbage-collector-controller";
    processes.start({
      name: "kube-controller-manager",
      command: kubeControllerManager,
      args: [...args, controllers],
      graceMs: 0,
    });
  }

  /** A pod as the kit's engines are placed: on these pools, the first of them first. */
  async function addPod(name: string, ...on: string[]): Promise<void> {
    const only = (values: string[]) => ({ matchExpressions: [{ key: POOL, operator: "In", values }] });
    const spec = {
      terminationGracePeriodSeconds: GRACE,
      tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [only(on)] },
          preferredDuringSchedulingIgnoredDuringExecution: on.map((pool, index) => ({
            weight: 100 - 10 * index,
            preference: only([pool]),
          })),
        },
      },
      containers: [
        { name: "engine", image: "none", resources: { requests: { cpu: "2" }, limits: { "nvidia.com/gpu": "1" } } },
      ],
    };
    await api.ask("POST", "/api/v1/namespaces/default/pods", {
      body: { apiVersion: "v1", kind: "Pod", metadata: { name }, spec },
    });
  }

  async function nodeOf(pod: string): Promise<Props | undefined> {
    const found = await api.ask("GET", `/api/v1/namespaces/default/pods/${pod}`);
    const name = text(found, "spec.nodeName");
    return name === "" ? undefined : api.ask("GET", `/api/v1/nodes/${name}`);
  }

  /** As a kubelet ends a pod: told, then gone. Karpenter counts a node's idle time from the first of the two. */
  async function endPod(name: string): Promise<void> {
    const path = `/api/v1/namespaces/default/pods/${name}`;
    await api.ask("DELETE", path, { query: { gracePeriodSeconds: "1" } }).catch(nothingIfGone);
    await sleep(200);
    await api.ask("DELETE", path, { query: { gracePeriodSeconds: "0" } }).catch(nothingIfGone);
  }

  /** Where a pod comes to run. */
  async function placed(pod: string, patienceMs = 60_000): Promise<{ type: string; capacity: string; pool: string }> {
    const begun = Date.now();
    let node: Props | undefined;
    await eventually(`${pod} has a node`, patienceMs, async () => {
      node = await nodeOf(pod);
      return node !== undefined;
    });
    const labels = props(props(node?.metadata).labels);
    const found = {
      type: String(labels["node.kubernetes.io/instance-type"]),
      capacity: String(labels["karpenter.sh/capacity-type"]),
      pool: String(labels[POOL]),
    };
    note(`${pod} is on ${found.type}, ${found.capacity}, after ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    return found;
  }

  async function eventually(what: string, patienceMs: number, holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(`not in ${patienceMs / 1000} s: ${what}\n${faults()}`);
      await sleep(250);
    }
  }

  const log = () => readFileSync(karpenter.running.args.log, "utf8");
  const faults = () => karpenterFaults(log()).slice(-5).join("\n");
  const instances = async () =>
    items((await call("ec2", "DescribeInstances", {})).Reservations)
      .flatMap(({ Instances }) => items(Instances))
      .filter((one) => text(one, "State.Name") === "running");

  test("EC2's figures and the kubelet's reservations are the planner's table", async () => {
    const { InstanceTypes } = await call("ec2", "DescribeInstanceTypes", { InstanceTypes: Object.keys(INSTANCES) });
    const sizes = items(InstanceTypes).map((type) => {
      const { gpus, cpus, allocatableCpuMillis, allocatableMemoryMib } = nodeSize({
        type,
        localDisks: true,
        rootGib: 20,
      });
      const nvmeGb = Number(at(type, "InstanceStorageInfo.TotalSizeInGB"));
      return [text(type, "InstanceType"), { gpus, vcpus: cpus, allocatableCpuMillis, allocatableMemoryMib, nvmeGb }];
    });
    const planned = Object.entries(INSTANCES).map(([type, facts]) => {
      const { gpus, vcpus, allocatableCpuMillis, allocatableMemoryMib, nvmeGb } = facts;
      return [type, { gpus, vcpus, allocatableCpuMillis, allocatableMemoryMib, nvmeGb }];
    });
    expect(Object.fromEntries(sizes)).toEqual(Object.fromEntries(planned));
  });

  test("a pod of each GPU gets the cheapest instance with that GPU", async () => {
    await Promise.all(["l40s", "a10g", "h100", "l4"].map((pool) => addPod(`first-${pool}`, pool)));
    expect(await placed("first-l40s")).toEqual({ type: "g6e.xlarge", capacity: "spot", pool: "l40s" });
    expect(await placed("first-a10g")).toEqual({ type: "g5.xlarge", capacity: "on-demand", pool: "a10g" });
    expect(await placed("first-h100")).toEqual({ type: "p5.4xlarge", capacity: "on-demand", pool: "h100" });
    // By the bootstrap script of Canonical's image.
    expect(await placed("first-l4")).toEqual({ type: "g6.xlarge", capacity: "on-demand", pool: "l4" });
    const capacity = props(at(await nodeOf("first-l4"), "status.capacity"));
    // The root volume of the stack file's default, not the instance's NVMe.
    expect(["200Gi", String(200 * 2 ** 30)]).toContain(capacity["ephemeral-storage"]);
    const machines = await instances();
    const types = machines.map((one) => text(one, "InstanceType")).sort();
    expect(types).toEqual(["g5.xlarge", "g6.xlarge", "g6e.xlarge", "p5.4xlarge"]);
    for (const machine of machines) {
      const tags = Object.fromEntries(items(machine.Tags).map(({ Key, Value }) => [text({ Key }, "Key"), Value]));
      expect(tags).toMatchObject({ project: "pilotlight", "eks:eks-cluster-name": CLUSTER });
    }
  });

  test("the node is as the kit's pool and the kubelet make it, and Karpenter takes it for complete", async () => {
    const node = await nodeOf("first-l40s");
    expect(at(node, "spec.taints")).toEqual([{ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }]);
    expect(at(node, "status.allocatable")).toMatchObject({ "nvidia.com/gpu": "1", cpu: "3920m", memory: "29317Mi" });
    expect(props(at(node, "metadata.labels") as Props)).toMatchObject({
      "pilotlight.dev/gpu": "l40s",
      "karpenter.sh/nodepool": "l40s-spot",
      "karpenter.sh/registered": "true",
      "karpenter.sh/initialized": "true",
      "karpenter.k8s.aws/instance-gpu-name": "l40s",
    });
  });

  test("without spot capacity the same GPU comes on demand, without any the next GPU", async () => {
    await rules({ type: "g6e.*", capacity: "spot" });
    await addPod("second-l40s", "l40s", "a10g");
    expect(await placed("second-l40s")).toEqual({ type: "g6e.xlarge", capacity: "on-demand", pool: "l40s" });
    await rules({ type: "g6e.*" });
    await addPod("third-l40s", "l40s", "a10g");
    expect(await placed("third-l40s", 90_000)).toEqual({ type: "g5.xlarge", capacity: "on-demand", pool: "a10g" });
  });

  test("a quota of vCPUs is passed by, and its error is in the log", async () => {
    // Used up by the two nodes that run.
    await rules({ type: "g5.*", capacity: "on-demand", vcpus: 8 });
    await addPod("fourth", "a10g");
    await eventually("Karpenter was refused", 60_000, async () => log().includes("VcpuLimitExceeded"));
    expect(await nodeOf("fourth")).toBeUndefined();
    await endPod("fourth");
    await rules();
  });

  test("a pool's GPU limit holds", async () => {
    await addPod("second-h100", "h100");
    await eventually("Karpenter tells of the limit", 60_000, async () =>
      items((await api.ask("GET", "/api/v1/namespaces/default/events")).items).some(
        (event) => text(event, "involvedObject.name") === "second-h100" && text(event, "message").includes("limit"),
      ),
    );
    expect(await nodeOf("second-h100")).toBeUndefined();
    expect((await instances()).filter((one) => text(one, "InstanceType").startsWith("p5"))).toHaveLength(1);
    await endPod("second-h100");
  });

  test("a machine of a managed node group joins as EKS's own, and its Node goes with it", async () => {
    const [subnet = ""] = subnets;
    const data = { UserData: Buffer.from(steadyUserData()).toString("base64") };
    const template = await call("ec2", "CreateLaunchTemplate", {
      LaunchTemplateName: "steady",
      LaunchTemplateData: data,
    });
    const launchTemplate = { id: text(template, "LaunchTemplate.LaunchTemplateId"), version: "1" };
    await call("eks", "CreateNodegroup", {
      clusterName: CLUSTER,
      nodegroupName: "steady",
      nodeRole: `arn:aws:iam::123456789012:role/${ROLE}`,
      subnets: [subnet],
      instanceTypes: ["p5.4xlarge"],
      launchTemplate,
      scalingConfig: { minSize: 0, desiredSize: 1, maxSize: 1 },
      labels: { [POOL]: "steady" },
      taints: [{ key: "nvidia.com/gpu", value: "present", effect: "NO_SCHEDULE" }],
    });
    const query = { labelSelector: "eks.amazonaws.com/nodegroup=steady" };
    const nodes = async () => items((await api.ask("GET", "/api/v1/nodes", { query })).items);
    await eventually("it has its GPU", 30_000, async () =>
      (await nodes()).some(({ status }) => props(props(status).allocatable)["nvidia.com/gpu"] === "1"),
    );
    const [node] = await nodes();
    expect(at(node, "spec.taints")).toEqual([{ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }]);
    expect(at(node, "metadata.labels")).toMatchObject({
      [POOL]: "steady",
      "eks.amazonaws.com/capacityType": "ON_DEMAND",
    });
    expect(at(node, "status.capacity")).toMatchObject({ cpu: "16", "ephemeral-storage": "3800G" });
    const renewed = async () =>
      text(await api.ask("GET", `${LEASES}/${text(node, "metadata.name")}`), "spec.renewTime");
    const first = await renewed();
    await eventually("its Lease is renewed", 15_000, async () => (await renewed()) > first);
    await call("eks", "DeleteNodegroup", { clusterName: CLUSTER, nodegroupName: "steady" });
    await call("ec2", "DeleteLaunchTemplate", { LaunchTemplateId: launchTemplate.id });
    await eventually("its Node is gone", 10_000, async () => (await nodes()).length === 0);
  });

  test("a spot warning ends the node, and its pod is told at once, with the whole of its grace", async () => {
    const node = await nodeOf("first-l40s");
    const id = text(node, "spec.providerID").split("/").at(-1) ?? "";
    const queue = text(await call("sqs", "GetQueueUrl", { QueueName: "live" }), "QueueUrl");
    const warning = {
      version: "0",
      id: "1",
      "detail-type": "EC2 Spot Instance Interruption Warning",
      source: "aws.ec2",
      account: "123456789012",
      time: new Date().toISOString(),
      region: REGION,
      resources: [`arn:aws:ec2:${REGION}:instance/${id}`],
      detail: { "instance-id": id, "instance-action": "terminate" },
    };
    const begun = Date.now();
    const since = () => `${((Date.now() - begun) / 1000).toFixed(1)} s after the warning`;
    await call("sqs", "SendMessage", { QueueUrl: queue, MessageBody: JSON.stringify(warning) });
    const path = "/api/v1/namespaces/default/pods/first-l40s";
    await eventually("the node is going", 30_000, async () => {
      const taints = items(at(await nodeOf("first-l40s"), "spec.taints"));
      return taints.some(({ key }) => key === "karpenter.sh/disrupted");
    });
    note(`the node takes no new pods ${since()}`);
    await eventually(
      "the pod is told to end",
      DRAIN * 1000,
      async () => text(await api.ask("GET", path), "metadata.deletionTimestamp") !== "",
    );
    note(`the pod is told to end ${since()}`);
    // Evicted, not left until the node's period less the pod's grace: that would be 60 s.
    expect(Date.now() - begun).toBeLessThan(20_000);
    expect(at(await api.ask("GET", path), "metadata.deletionGracePeriodSeconds")).toBe(GRACE);
    await endPod("first-l40s");
    await eventually("the instance ended", 60_000, async () =>
      (await instances()).every((one) => text(one, "InstanceId") !== id),
    );
    note(`the instance ended ${since()}`);
  });

  test("empty nodes go, and with their pools everything that Karpenter made in the account", async () => {
    const begun = Date.now();
    const before = gone.length + boot.nodes().length;
    const pods = items((await api.ask("GET", "/api/v1/namespaces/default/pods")).items);
    await Promise.all(pods.map(({ metadata }) => endPod(text(metadata, "name"))));
    await eventually("no instance runs", 180_000, async () => (await instances()).length === 0);
    note(`all instances ended ${((Date.now() - begun) / 1000).toFixed(1)} s after their pods`);
    // The stack file says a minute; Karpenter may take a pod's end for up to 10 s earlier than it was.
    expect(Date.now() - begun).toBeGreaterThan(50_000);
    await eventually(
      "no node is left",
      30_000,
      async () => items((await api.ask("GET", "/api/v1/nodes")).items).length === 0,
    );
    await eventually("the player has seen all of them go", 5000, async () => gone.length === before);
    for (const plural of ["karpenter.sh/v1/nodepools", "karpenter.k8s.aws/v1/ec2nodeclasses"]) {
      for (const { metadata } of items((await api.ask("GET", `/apis/${plural}`)).items))
        await api.ask("DELETE", `/apis/${plural}/${text(metadata, "name")}`).catch(nothingIfGone);
      await eventually(
        `no ${plural} is left`,
        60_000,
        async () => items((await api.ask("GET", `/apis/${plural}`)).items).length === 0,
      );
    }
    const kinds = (await aws.leftovers()).left.map(({ kind }) => kind);
    for (const kind of ["instance", "launch template", "instance profile", "volume"]) expect(kinds).not.toContain(kind);
    note(`faults in Karpenter's log: ${JSON.stringify([...new Set(karpenterFaults(log()))])}`);
  });
});
