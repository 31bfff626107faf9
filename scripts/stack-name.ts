/** The name of a stack's file: a fully qualified name has its organization and project before it. */
export const shortName = (stack: string): string => stack.split("/").at(-1) ?? stack;
