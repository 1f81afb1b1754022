// What a SubjectAccessReview asks about (authorization.k8s.io/v1).

/** Empty texts are left out of the question; selectors are raw. */
export interface ResourceAttributes {
  readonly kind: 'resource';
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly fieldSelector: string;
  readonly labelSelector: string;
}

export interface NonResourceAttributes {
  readonly kind: 'path';
  readonly verb: string;
  readonly path: string;
}

export type AccessAttributes = ResourceAttributes | NonResourceAttributes;
