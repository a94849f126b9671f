/** @file What is known beside the data: the chest ontology. */

export { type Concept, type ConceptKind, type ConceptRelation, chestOntology, type Ontology } from './chest-ontology.ts'
