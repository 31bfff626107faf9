import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { creationOrder, Marker } from "./order";

/** Hides a marker behind a component, as the kit's components do. */
class Box extends pulumi.ComponentResource {
  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("test:index:Box", name, {}, opts);
    new Marker(`${name}-inside`, []);
    this.registerOutputs({});
  }
}

test("what is named is waited for, over any number of steps, and nothing else is", async () => {
  const order = await creationOrder(() => {
    const first = new Marker("first");
    const second = new Marker("second", [first]);
    new Marker("third", [second]);
    new Marker("other");
    new Box("box");
  });
  expect(order.waits("Marker second", "Marker first")).toBe(true);
  expect(order.waits("Marker third", "Marker first")).toBe(true);
  expect(order.waits("Marker first", "Marker third")).toBe(false);
  expect(order.waits("Marker third", "Marker other")).toBe(false);
  expect(order.waits("Marker box-inside", "Marker other")).toBe(false);
});

test("a key that fits nothing is an error that lists what there is", async () => {
  const order = await creationOrder(() => new Marker("one"));
  expect(() => order.waits("Marker one", "Marker two")).toThrow('0 "Marker two" among:\nMarker one');
});
